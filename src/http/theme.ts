/**
 * @file The style sheet of report and dashboard, light and dark. A string, because the report contains it and the build
 * copies no other files. Colours of text have a contrast of at least 4.5 on their ground, lines of plots 3.
 */

const LIGHT = `
  color-scheme: light;
  --ground: #ffffff; --panel: #f6f7f9; --raised: #ffffff; --ink: #1a2029; --dim: #566070; --rule: #d8dde4;
  --accent: #0b5cad; --good: #156c36; --bad: #b3261e; --good-ground: #e3f4e8; --bad-ground: #fbe9e7; --warn-ground: #fff4d6; --warn: #6b4a00;
  --c0: #0b5cad; --c1: #c2410c; --c2: #15803d; --c3: #8b2fb0; --c4: #a16207; --c5: #0e7490; --c6: #be185d; --c7: #4b5563;`;

const DARK = `
  color-scheme: dark;
  --ground: #12161c; --panel: #1a2028; --raised: #20272f; --ink: #e7ebf0; --dim: #a3adba; --rule: #343d49;
  --accent: #7db8f5; --good: #74d490; --bad: #ff9b90; --good-ground: #153421; --bad-ground: #43201d; --warn-ground: #3a2f10; --warn: #f3d486;
  --c0: #6cb0f5; --c1: #fb923c; --c2: #5ccf7f; --c3: #d08cf0; --c4: #e5b93c; --c5: #45c8dd; --c6: #f687b8; --c7: #aab4c0;`;

/** What a plot needs, even in a separate file. */
export const CHART_CSS = `
:root {${LIGHT}
}
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {${DARK}
} }
:root[data-theme="dark"] {${DARK}
}
.chart { display: block; width: 100%; height: auto; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.chart text { fill: var(--ink); font-size: 12px; }
.chart .chart-title { font-size: 14px; font-weight: 600; }
.chart .chart-label, .chart .tick { fill: var(--dim); }
.chart .grid { stroke: var(--rule); stroke-width: 1; }
.chart .axis { stroke: var(--dim); stroke-width: 1; }
.chart .line { stroke: currentColor; stroke-width: 2; }
.chart .error { stroke: currentColor; stroke-width: 1.3; }
.chart .point { fill: currentColor; stroke: var(--panel); stroke-width: 1; }
.chart .bar { fill: currentColor; }
.s0 { color: var(--c0); } .s1 { color: var(--c1); } .s2 { color: var(--c2); } .s3 { color: var(--c3); }
.s4 { color: var(--c4); } .s5 { color: var(--c5); } .s6 { color: var(--c6); } .s7 { color: var(--c7); }
`;

export const THEME_CSS = `${CHART_CSS}* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 20px 20px 60px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 36px 0 10px; }
h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 6px 0 10px; }
a { color: var(--accent); }
.dim { color: var(--dim); }
.good { color: var(--good); } .bad { color: var(--bad); }
.headline { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 18px; margin: 18px 0 6px; }
.headline .big { font-size: 44px; font-weight: 650; line-height: 1.1; letter-spacing: -0.02em; }
.headline .arrow { font-size: 32px; color: var(--dim); }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 16px; align-items: start; }
.panel { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 14px; min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; width: 100%; }
caption { text-align: left; color: var(--dim); padding-bottom: 4px; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--rule); font-weight: 400; vertical-align: top; }
thead th { color: var(--dim); font-size: 13px; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding: 5px 0 5px 12px; }
thead th { vertical-align: bottom; } thead th.n { white-space: normal; }
@media (max-width: 480px) { table { font-size: 13px; } thead th { font-size: 12px; } th, td { padding-right: 4px; } th.n, td.n { padding-left: 6px; } }
th.n + th:not(.n), td.n + :is(th, td):not(.n) { padding-left: 18px; }
tr.part th { font-weight: 600; padding-top: 12px; }
.confusion { width: auto; }
.confusion .right { background: var(--good-ground); color: var(--good); padding: 5px 10px; }
.confusion .wrong { background: var(--bad-ground); color: var(--bad); padding: 5px 10px; }
.tag { display: inline-block; border: 1px solid var(--rule); border-radius: 5px; padding: 0 6px; font-size: 12.5px; line-height: 20px; color: var(--ink); background: var(--raised); text-decoration: none; white-space: nowrap; }
.tag.good { background: var(--good-ground); color: var(--good); border-color: transparent; }
.tag.bad { background: var(--bad-ground); color: var(--bad); border-color: transparent; }
.tag.warn { background: var(--warn-ground); color: var(--warn); border-color: transparent; }
.tag.off { color: var(--dim); }
a.tag:hover { text-decoration: underline; }
.notice { border: 1px solid var(--rule); border-left: 4px solid var(--c4); border-radius: 6px; padding: 8px 12px; margin: 10px 0; background: var(--panel); }
.notice ul { margin: 4px 0; padding-left: 20px; }
.lineage ul { list-style: none; margin: 0; padding-left: 18px; border-left: 1px solid var(--rule); }
.lineage > ul { padding-left: 0; border-left: 0; }
.lineage li { margin: 4px 0; }
.lineage summary { cursor: pointer; }
.lineage .leaf { padding-left: 17px; }
.lineage .node { overflow-wrap: anywhere; }
.lineage .tag { margin-right: 2px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px; margin: 10px 0 20px; }
.attempt { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 12px 14px; min-width: 0; }
.attempt h3 { margin-top: 0; }
.attempt ol { list-style: none; margin: 0; padding: 0; }
.attempt li { border-top: 1px solid var(--rule); padding: 10px 0; }
.act { font: 13px/1.45 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; overflow-wrap: anywhere; white-space: pre-wrap; margin: 0 0 6px; }
.page-text { font: 12px/1.4 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0 0; max-height: 260px; overflow: auto; background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; padding: 8px; }
.screen { display: block; width: 100%; height: auto; border: 1px solid var(--rule); border-radius: 6px; background: #fff; }
.screen .outline { fill: none; stroke: #e11d48; stroke-width: 3; vector-effect: non-scaling-stroke; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; } main:focus { outline: none; }
@media (max-width: 640px) { .chart:not(.narrow) text { font-size: 15px; } .chart:not(.narrow) .chart-title { font-size: 17px; } .chart:not(.narrow) .legend { font-size: 12.5px; } main { padding: 14px 12px 40px; } table { font-size: 13px; } th.n, td.n { padding-left: 8px; } .headline .big { font-size: 34px; } h1 { font-size: 22px; } }
@media print { .panel, .attempt { break-inside: avoid; } }
`;
