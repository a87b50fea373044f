/** @file The style that operators' pages add to the dashboard's theme. */

export const OPERATOR_CSS = `
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; padding: 10px 20px; border-bottom: 1px solid var(--rule); background: var(--panel); }
.top .brand { font-weight: 650; color: var(--ink); text-decoration: none; }
.top .right { margin-left: auto; display: flex; gap: 12px; align-items: center; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.skip { position: absolute; left: -9999px; } .skip:focus { left: 8px; top: 8px; background: var(--raised); padding: 6px 10px; z-index: 9; }
button, input, textarea { font: inherit; font-size: 14px; color: var(--ink); background: var(--raised); border: 1px solid var(--dim); border-radius: 6px; padding: 5px 12px; min-height: 34px; }
button { cursor: pointer; } button:hover { border-color: var(--accent); } textarea { width: 100%; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 12px 0; padding: 0; }
.facts dt { color: var(--dim); font-size: 13px; } .facts dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
.live { font-size: 13px; color: var(--dim); } .live::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--dim); margin-right: 6px; } .live.on::before { background: var(--good); }
.narrow { max-width: 420px; margin: 40px auto; }
.stack { display: grid; gap: 10px; } .stack label { display: grid; gap: 4px; font-size: 13px; color: var(--dim); } .stack button { justify-self: start; }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.two { display: grid; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); gap: 20px; align-items: start; }
.actions { display: grid; gap: 18px; position: sticky; top: 12px; }
.heading { display: flex; flex-wrap: wrap; gap: 10px; align-items: baseline; }
.talk { list-style: none; margin: 14px 0; padding: 0; display: grid; gap: 6px; }
.talk li { display: grid; grid-template-columns: 92px minmax(0, 1fr); gap: 10px; padding: 6px 10px; border-radius: 8px; }
.talk .customer { background: var(--panel); } .talk .agent { background: color-mix(in srgb, var(--accent) 12%, var(--ground)); } .talk .notice, .talk .note { color: var(--dim); border: 0; margin: 0; background: none; font-size: 14px; }
.talk .who { color: var(--dim); font-size: 13px; } .talk .said, .summary { white-space: pre-wrap; overflow-wrap: anywhere; }
section.panel, figure.panel { margin: 14px 0; } section h2 { margin: 0 0 6px; font-size: 16px; } section ul { margin: 0; padding-left: 18px; overflow-wrap: anywhere; }
@media (max-width: 820px) { .two { grid-template-columns: minmax(0, 1fr); } .actions { position: static; } .top { padding: 8px 12px; } .talk li { grid-template-columns: minmax(0, 1fr); gap: 0; } }
`;
