/**
 * @file The widget's style, light and dark; a constructed style sheet, which a page's Content-Security-Policy does not
 * block.
 */

export const WIDGET_CSS = `
:host { all: initial; color-scheme: light dark; --ground: #ffffff; --panel: #f3f5f7; --ink: #1a2029; --dim: #566070; --rule: #d0d6de; --accent: #0b5cad; --on-accent: #ffffff; --mine: #dcebfa; --bad: #b3261e;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: var(--ink); position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; }
@media (prefers-color-scheme: dark) { :host { --ground: #12161c; --panel: #1e252e; --ink: #e7ebf0; --dim: #a3adba; --rule: #3b4552; --accent: #7db8f5; --on-accent: #0d1420; --mine: #1d3a57; --bad: #ff9b90; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
button { font: inherit; cursor: pointer; border-radius: 8px; border: 1px solid transparent; min-height: 36px; padding: 4px 14px; }
button:disabled { opacity: 0.55; cursor: default; }
.launcher { background: var(--accent); color: var(--on-accent); padding: 10px 20px; border-radius: 24px; box-shadow: 0 4px 16px #0004; font-weight: 600; }
#panel { width: 380px; max-width: calc(100vw - 40px); height: min(600px, calc(100vh - 40px)); display: flex; flex-direction: column; background: var(--ground); border: 1px solid var(--rule); border-radius: 14px; box-shadow: 0 10px 40px #0005; overflow: hidden; }
header { display: flex; align-items: center; justify-content: space-between; padding: 10px 8px 10px 16px; border-bottom: 1px solid var(--rule); background: var(--panel); }
h2 { font-size: 16px; margin: 0; }
.plain { background: transparent; color: var(--ink); border-color: var(--rule); }
.close { border-color: transparent; font-size: 22px; line-height: 1; padding: 0 10px; }
.send { background: var(--accent); color: var(--on-accent); font-weight: 600; }
.log { flex: 1; overflow-y: auto; padding: 14px; display: flex; flex-direction: column; gap: 10px; }
.message { position: relative; max-width: 85%; align-self: flex-start; background: var(--panel); border-radius: 12px; padding: 6px 12px; overflow-wrap: anywhere; }
.message p { margin: 0; white-space: pre-wrap; }
.message.customer { align-self: flex-end; background: var(--mine); }
.message.system { align-self: center; background: transparent; color: var(--dim); font-size: 14px; text-align: center; }
.message.sending { opacity: 0.6; }
.who { display: block; font-size: 12px; color: var(--dim); }
.message.system .who, .message.customer .who, .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.card { border: 1px solid var(--rule); border-radius: 12px; padding: 12px; display: grid; gap: 6px; background: var(--panel); }
.card p { margin: 0; overflow-wrap: anywhere; } .card .errors { color: var(--bad); } .card .errors:empty { display: none; }
.card label { font-size: 13px; color: var(--dim); }
.card.over { border-style: dashed; background: none; padding: 8px 12px; color: var(--dim); } .card .settled { color: var(--dim); font-size: 14px; }
.row { display: flex; gap: 8px; margin-top: 4px; }
input, select, textarea { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--dim); border-radius: 8px; padding: 6px 10px; width: 100%; }
[aria-invalid] { border-color: var(--bad); }
.card > .send { margin-top: 6px; }
.status { margin: 0; padding: 0 16px; min-height: 22px; font-size: 13px; color: var(--dim); }
.compose { display: flex; gap: 8px; padding: 8px 12px; align-items: end; } .compose textarea { resize: none; }
footer { display: flex; justify-content: space-between; gap: 8px; padding: 0 12px 10px; } footer button { font-size: 13px; min-height: 30px; padding: 2px 10px; color: var(--dim); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 480px) { :host { right: 12px; bottom: 12px; } #panel { position: fixed; inset: 0; width: 100%; max-width: none; height: 100%; border: 0; border-radius: 0; } input, select, textarea { font-size: 16px; } }
`;
