/** @file The lineage of tasks as nested lists that open and close without script. Pure; bounded in depth and size. */

import type { Curriculum, LineageNode } from "../curriculum.ts";
import { words } from "./format.ts";

export interface LineageProps {
  curriculum: Curriculum;
  /** Address of an attempt; without it, attempts are not links. */
  episodeHref?: (phase: number, episodeId: string) => string;
  /** The most roots that are shown; the rest is only counted. */
  mostRoots?: number;
}

/** Roots with the most descendants come first, because they have something to see. */
function orderedRoots(curriculum: Curriculum): { node: LineageNode; size: number }[] {
  const byId = new Map(curriculum.nodes.map((node) => [node.taskId, node]));
  const sizes = new Map<string, number>();
  const size = (id: string): number => {
    const known = sizes.get(id);
    if (known !== undefined) return known;
    sizes.set(id, 1);
    const children = byId.get(id)?.children ?? [];
    const total = 1 + children.reduce((sum, child) => sum + size(child), 0);
    sizes.set(id, total);
    return total;
  };
  return curriculum.roots
    .map((id) => ({ node: byId.get(id)!, size: size(id) }))
    .sort((a, b) => b.size - a.size || (a.node.taskId < b.node.taskId ? -1 : 1));
}

export function LineageTree({ curriculum, episodeHref, mostRoots = 200 }: LineageProps) {
  const byId = new Map(curriculum.nodes.map((node) => [node.taskId, node]));
  const roots = orderedRoots(curriculum);
  const grown = roots.filter((root) => root.size > 1);
  const shown = (grown.length > 0 ? grown : roots).slice(0, mostRoots);
  const rest = roots.filter((root) => !shown.includes(root));
  return (
    <div class="lineage">
      <ul>
        {shown.map(({ node, size }) => (
          <Node
            key={node.taskId}
            node={node}
            byId={byId}
            href={episodeHref}
            open={shown.length <= 8 && size < 40}
            depth={0}
          />
        ))}
      </ul>
      {rest.length > 0 && (
        <details>
          <summary class="dim">{`${rest.length} more, ${grown.length > mostRoots ? "most" : "all"} without descendants`}</summary>
          <ul>
            {rest.slice(0, mostRoots).map(({ node }) => (
              <Node key={node.taskId} node={node} byId={byId} href={episodeHref} open={false} depth={0} />
            ))}
          </ul>
          {rest.length > mostRoots && <p class="dim">{`and ${rest.length - mostRoots} more`}</p>}
        </details>
      )}
    </div>
  );
}

/** Phases are few; a lineage deeper than this is a damaged file that points in a circle. */
const DEEPEST = 60;

function Node(props: {
  node: LineageNode;
  byId: Map<string, LineageNode>;
  href: LineageProps["episodeHref"];
  open: boolean;
  depth: number;
}) {
  const { node, byId, href, open, depth } = props;
  const children = depth < DEEPEST ? node.children.map((id) => byId.get(id)!) : [];
  if (children.length === 0)
    return (
      <li>
        <div class="leaf node">
          <Label node={node} /> <Attempts node={node} href={href} />
        </div>
      </li>
    );
  return (
    <li>
      <details open={open}>
        {/* No links in here: what opens and closes is one thing to press. */}
        <summary class="node">
          <Label node={node} /> <Attempts node={node} href={undefined} />{" "}
          <span class="dim">{`${children.length} grown from it`}</span>
        </summary>
        <ul>
          {href && node.attempts.length > 0 && (
            <li class="leaf">
              {node.attempts.map((attempt) => (
                <a key={attempt.episodeId} href={href(attempt.phase, attempt.episodeId)}>
                  {`Open the attempt of phase ${attempt.phase}`}
                </a>
              ))}
            </li>
          )}
          {children.map((child) => (
            <Node key={child.taskId} node={child} byId={byId} href={href} open={open} depth={depth + 1} />
          ))}
        </ul>
      </details>
    </li>
  );
}

function Label({ node }: { node: LineageNode }) {
  const tone = node.outcome === "kept" ? "good" : node.outcome === "seed" ? "plain" : "off";
  const facts = [
    node.phase > 0 ? `phase ${node.phase}` : "",
    // The filters' reasons name it themselves.
    node.value === null || node.reason.startsWith("V(s₀)") ? "" : `V(s₀) = ${node.value.toFixed(2)}`,
    node.outcome === "kept" || node.outcome === "seed" ? "" : node.reason,
  ].filter(Boolean);
  return (
    <span>
      <span class={`tag ${tone}`}>{words(node.outcome)}</span> <span>{node.instruction}</span>{" "}
      <span class="dim">{facts.join(" · ")}</span>
    </span>
  );
}

/** What became of the task: links, or only words where `href` is absent. */
function Attempts({ node, href }: { node: LineageNode; href: LineageProps["episodeHref"] }) {
  return (
    <span>
      {node.attempts.map((attempt) => {
        const tone = attempt.success === null ? "plain" : attempt.success ? "good" : "bad";
        const text = `${resultOf(attempt)} in phase ${attempt.phase}`;
        return href ? (
          <a key={attempt.episodeId} class={`tag ${tone}`} href={href(attempt.phase, attempt.episodeId)}>
            {text}
          </a>
        ) : (
          <span key={attempt.episodeId} class={`tag ${tone}`}>
            {text}
          </span>
        );
      })}
    </span>
  );
}

function resultOf({ ending, success }: LineageNode["attempts"][number]): string {
  if (ending === "faulted") return "faulted";
  return success === null ? "not judged" : success ? "solved" : "failed";
}
