/** @file What the dashboard's page has on top of the theme that it shares with the report. */

export const APP_CSS = `
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; padding: 10px 20px; border-bottom: 1px solid var(--rule); background: var(--panel); position: sticky; top: 0; z-index: 5; }
.top .brand { font-weight: 650; color: var(--ink); text-decoration: none; }
.top nav { display: flex; flex-wrap: wrap; gap: 2px; }
.top nav a { color: var(--dim); text-decoration: none; padding: 4px 10px; border-radius: 6px; }
.top nav a[aria-current="page"] { color: var(--ink); background: var(--raised); box-shadow: inset 0 0 0 1px var(--rule); }
.top .right { margin-left: auto; display: flex; gap: 10px; align-items: center; }
.skip { position: absolute; left: -9999px; } .skip:focus { left: 8px; top: 8px; background: var(--raised); padding: 6px 10px; z-index: 9; }
button, select, input[type="search"] { font: inherit; font-size: 14px; color: var(--ink); background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; padding: 4px 10px; min-height: 32px; }
button { cursor: pointer; } button:hover { border-color: var(--dim); } button:disabled { color: var(--dim); cursor: default; }
button[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); }
label.check { display: inline-flex; align-items: center; gap: 6px; font-size: 14px; }
label.check:has(+ .plots) { margin-bottom: 8px; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 28px; margin: 12px 0; padding: 0; }
.facts div { min-width: 90px; } .facts dt { color: var(--dim); font-size: 13px; } .facts dd { margin: 0; font-size: 17px; font-variant-numeric: tabular-nums; }
.bar-track { height: 6px; border-radius: 3px; background: var(--rule); overflow: hidden; margin-top: 6px; max-width: 420px; }
.bar-fill { height: 100%; background: var(--accent); }
figure.panel { margin: 0; } :not(.plots) > figure.panel { max-width: 720px; } .viewer figure.panel { margin-top: 16px; }
.plot-tools { display: flex; gap: 6px; justify-content: flex-end; margin-top: 6px; }
.plot-tools button { font-size: 12.5px; min-height: 26px; padding: 1px 8px; color: var(--dim); }
.filters { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; margin: 12px 0; }
.filters label { display: grid; gap: 2px; font-size: 13px; color: var(--dim); } .filters label.check { display: inline-flex; min-height: 32px; color: var(--ink); }
.filters select { max-width: 220px; }
.virtual { position: relative; overflow-y: auto; border: 1px solid var(--rule); border-radius: 10px; background: var(--panel); }
.virtual ul { list-style: none; margin: 0; padding: 0; position: relative; }
.virtual li { position: absolute; left: 0; right: 0; height: 56px; border-bottom: 1px solid var(--rule); }
.virtual li > a, .virtual li > div { display: grid; grid-template-columns: 92px minmax(0, 1fr) auto; gap: 2px 12px; align-items: center; height: 100%; padding: 4px 14px; color: var(--ink); text-decoration: none; }
.virtual li > a:hover { background: var(--raised); } .virtual li > a:focus-visible { outline-offset: -2px; }
.virtual .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.virtual .meta { grid-column: 2; color: var(--dim); font-size: 12.5px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.virtual .outcome { grid-row: 1 / span 2; justify-self: start; } .virtual .verdicts { grid-row: 1 / span 2; grid-column: 3; display: flex; gap: 4px; }
.thumbs { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 12px; }
.thumbs figure { margin: 0; } .thumbs .none { display: grid; place-items: center; aspect-ratio: 16 / 9; border: 1px dashed var(--rule); border-radius: 6px; font-size: 13px; } .thumbs img { width: 100%; aspect-ratio: 16 / 9; object-fit: cover; object-position: top; display: block; border: 1px solid var(--rule); border-radius: 6px; background: #fff; } .thumbs figcaption { font-size: 13px; margin-top: 4px; overflow-wrap: anywhere; }
.scroll.bounded { max-height: 360px; overflow: auto; }
.cells td.cell { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-left: 12px; }
.heat { display: inline-block; min-width: 64px; border-radius: 4px; padding: 0 6px; text-align: right; background: color-mix(in srgb, var(--c2) var(--share), transparent); }
.viewer { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
.viewer.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.steps { display: flex; gap: 6px; overflow-x: auto; padding: 4px 2px 8px; }
.steps button { flex: none; max-width: 180px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 12px ui-monospace, Menlo, Consolas, monospace; }
.steps button[aria-current="step"] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.steps button.mistake { border-style: dashed; }
.step { display: grid; grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr); gap: 16px; }
.viewer.two .step { grid-template-columns: minmax(0, 1fr); }
.tokens { font: 13px/1.9 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.tokens span { border-radius: 3px; padding: 1px 1px; white-space: pre-wrap; border-bottom: 3px solid transparent; }
.tokens .p0 { border-color: var(--c2); } .tokens .p1 { border-color: var(--c4); } .tokens .p2 { border-color: var(--c1); } .tokens .p3 { border-color: var(--bad); background: var(--bad-ground); }
.key { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 12.5px; color: var(--dim); }
.box-text { max-height: 420px; }
kbd { font: 12px ui-monospace, Menlo, Consolas, monospace; border: 1px solid var(--rule); border-bottom-width: 2px; border-radius: 4px; padding: 0 5px; background: var(--raised); }
.live { font-size: 13px; color: var(--dim); } .live::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--dim); margin-right: 6px; }
.live.on::before { background: var(--good); }
@media (max-width: 760px) { .step, .viewer.two { grid-template-columns: minmax(0, 1fr); } .top { padding: 8px 12px; position: static; } .filters label { flex: 1 1 42%; } .filters select, .filters input[type="search"] { max-width: none; width: 100%; } .filters label.check { flex: 1 1 100%; } .top { gap: 6px 12px; } .top select { max-width: 46vw; } .top nav { order: 3; flex: 1 1 100%; } .top nav a { padding: 4px 8px; } .virtual li > a, .virtual li > div { grid-template-columns: auto minmax(0, 1fr) auto; gap: 0 8px; padding: 4px 10px; } .virtual .name { grid-column: 1 / -1; grid-row: 1; } .virtual .meta, .virtual .outcome, .virtual .verdicts { grid-row: 2; } }
`;
