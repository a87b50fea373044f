/** @jsxImportSource preact */
/** @file A plot with its exports: SVG and PNG as it looks now, CSV of its numbers. */

import { useEffect, useRef, useState } from "preact/hooks";
import { seriesCsv } from "../series.ts";
import type { BarChartProps, LineChartProps } from "../views/chart.tsx";
import { NARROW_WIDTH } from "../views/chart-frame.tsx";
import { BarChart, LineChart } from "./shared.ts";

export function LinePlot(props: LineChartProps) {
  return (
    <Plot title={props.title} csv={() => seriesCsv(props.series, props.xLabel)}>
      <LineChart {...props} {...useWidth()} />
    </Plot>
  );
}

export function BarPlot(props: BarChartProps) {
  const csv = () =>
    seriesCsv(
      props.parts.map((part) => ({
        name: part,
        points: props.groups.map((group, i) => ({ x: i, y: group.values[part] ?? 0 })),
      })),
      "group",
    );
  return (
    <Plot title={props.title} csv={csv}>
      <BarChart {...props} {...useWidth()} />
    </Plot>
  );
}

const PHONE = matchMedia("(max-width: 640px)");

function useWidth(): { width?: number } {
  const [isPhone, setIsPhone] = useState(PHONE.matches);
  useEffect(() => {
    const follow = () => setIsPhone(PHONE.matches);
    PHONE.addEventListener("change", follow);
    return () => PHONE.removeEventListener("change", follow);
  }, []);
  return isPhone ? { width: NARROW_WIDTH } : {};
}

function Plot({
  title,
  csv,
  children,
}: {
  title: string;
  csv: () => string;
  children: preact.ComponentChildren;
}) {
  const figure = useRef<HTMLElement>(null);
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  const svg = () => standalone(figure.current!.querySelector("svg")!);
  return (
    <figure class="panel" ref={figure}>
      {children}
      <figcaption class="plot-tools">
        <button
          type="button"
          aria-label={`${title} as SVG`}
          onClick={() => save(`${name}.svg`, svg(), "image/svg+xml")}
        >
          SVG
        </button>
        <button
          type="button"
          aria-label={`${title} as PNG`}
          onClick={() => void toPng(svg()).then((blob) => saveBlob(`${name}.png`, blob))}
        >
          PNG
        </button>
        <button
          type="button"
          aria-label={`${title} as CSV`}
          onClick={() => save(`${name}.csv`, csv(), "text/csv")}
        >
          CSV
        </button>
      </figcaption>
    </figure>
  );
}

const STYLES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
];

/** The SVG with its style sheet's effect written into it, on the page's ground. */
function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = [svg, ...svg.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const name of STYLES) copies[i]!.setAttribute(name, style.getPropertyValue(name));
    copies[i]!.removeAttribute("class");
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.removeAttribute("fill");
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

async function toPng(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.width, 2 * image.height];
  const context = canvas.getContext("2d")!;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"),
  );
}

const save = (name: string, text: string, type: string) => saveBlob(name, new Blob([text], { type }));

function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
