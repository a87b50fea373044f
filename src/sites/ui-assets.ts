/** @file The style sheet and the script of `ui.tsx`. Colours come from the theme's variables. */

export const STYLE = `
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:#22252b;font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Open Sans",sans-serif}
h1,h2,h3{font-family:var(--head);line-height:1.2;margin:0}
h1{font-size:25px}h2{font-size:17px;margin-bottom:10px}h3{font-size:15px;margin-bottom:4px}
p{margin:0 0 10px}a{color:var(--c)}small{color:#6a6f79}
.top{display:flex;align-items:center;gap:20px;padding:10px 28px;background:var(--c);color:#fff;position:relative;z-index:5}
.top a{color:#fff;text-decoration:none;opacity:.88;padding:5px 2px;white-space:nowrap}
.top a:hover,.top a[aria-current]{opacity:1}
.top a[aria-current]{box-shadow:0 2px 0 currentColor}
.top .brand{font-family:var(--head);font-weight:600;font-size:19px;opacity:1;letter-spacing:.1px}
.top nav{display:flex;gap:16px;flex-wrap:wrap}.top nav.account{margin-left:auto}
.find{display:flex;position:relative;width:270px}
.find input{width:100%;color:#22252b;border:0;border-radius:7px 0 0 7px;padding:7px 12px}
.find button{border:0;border-radius:0 7px 7px 0;background:#fff;color:var(--c);padding:0 11px;display:flex;align-items:center;box-shadow:none}
.steps{list-style:none}
.suggest{position:absolute;top:100%;left:0;right:0;margin:4px 0 0;padding:4px;list-style:none;background:#fff;border-radius:8px;box-shadow:0 8px 24px #0003}
.suggest a{display:block;color:#22252b;padding:6px 10px;border-radius:6px;white-space:normal}
.suggest a:hover{background:var(--tint)}
main{max-width:1180px;margin:0 auto;padding:20px 28px 36px}main.narrow{max-width:720px}
.heading{display:flex;align-items:center;justify-content:space-between;gap:16px;margin-bottom:14px;min-height:36px}
.row{display:flex;gap:10px;align-items:center;flex-wrap:wrap}.row.end{align-items:flex-end}
.card{background:#fff;border:1px solid #e6e6e2;border-radius:12px;padding:18px 20px;margin-bottom:16px;box-shadow:0 1px 2px #0000000a}
.grid{display:grid;gap:16px;grid-template-columns:repeat(4,1fr)}
.cols{display:grid;gap:18px;grid-template-columns:1fr 1fr;align-items:start}.cols.side{grid-template-columns:2fr 1fr}
.cols>*{min-width:0}
button,.button{font:inherit;font-weight:500;border-radius:8px;padding:7px 14px;border:1px solid transparent;cursor:pointer;text-decoration:none;display:inline-block;line-height:1.35}
button.primary,.button.primary{background:var(--c);color:#fff}
button.plain,.button{background:#fff;border-color:#d5d6d3;color:#30343b}
button.danger{background:#fff;border-color:#e3b6b1;color:#a5281c}
button:hover,.button:hover{filter:brightness(.96)}button:disabled{opacity:.5;cursor:default}
:focus-visible{outline:3px solid color-mix(in srgb,var(--c) 45%,white);outline-offset:1px}
form.inline{display:inline}
.field{margin-bottom:12px;display:flex;flex-direction:column;gap:4px}.row>.field{margin-bottom:0}
.field label,legend{font-weight:600;font-size:13.5px;color:#41454d}
input,select,textarea{font:inherit;color:inherit;background:#fff;border:1px solid #cfd1cd;border-radius:8px;padding:7px 10px;max-width:100%}
input[type=checkbox],input[type=radio]{accent-color:var(--c);width:16px;height:16px;margin:0}
[aria-invalid=true]{border-color:#c0392b}small.error{color:#b02a1c;font-weight:500}
.check{display:flex;gap:8px;align-items:center;margin:0 0 8px}
fieldset{border:0;padding:0;margin:0 0 12px}legend{padding:0;margin-bottom:6px}
.table{background:#fff;border:1px solid #e6e6e2;border-radius:12px;overflow:hidden;margin-bottom:14px}
.table.wide{width:max-content;overflow:visible}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:9px 14px;border-bottom:1px solid #eeeeeb;vertical-align:middle}
th{font-size:12.5px;color:#6a6f79;background:#fafaf8;font-weight:600;white-space:nowrap}
tr:last-child td{border-bottom:0}tbody tr:hover td{background:#fcfcfa}
.num{text-align:right;font-variant-numeric:tabular-nums}td button,td .button{padding:3px 10px}
dl{margin:0}dl div{display:flex;gap:12px;padding:5px 0;border-bottom:1px solid #f1f1ee}dl div:last-child{border:0}
dt{color:#6a6f79;width:130px;flex:none}dd{margin:0}
.badge{display:inline-block;padding:2px 10px;border-radius:99px;font-size:12.5px;font-weight:600;background:#eceef1;color:#454a54;white-space:nowrap}
.badge.good{background:#e0f2e5;color:#1c6a38}.badge.warn{background:#fdf0d2;color:#80560a}.badge.bad{background:#fbe2df;color:#9c2a1d}
.flash{padding:10px 16px;border-radius:10px;font-weight:500;margin-bottom:14px}
.flash.success{background:#e0f2e5;color:#17532d}.flash.error{background:#fbe2df;color:#8c2418}.flash.info{background:#e3edf9;color:#1d4a7c}
.empty{text-align:center;padding:44px 20px;color:#6a6f79;background:#fff;border:1px dashed #d5d6d3;border-radius:12px}
.pages{display:flex;gap:16px;align-items:center;color:#6a6f79;font-size:14px;margin-top:4px}
dialog{border:0;border-radius:14px;padding:22px 24px;min-width:340px;max-width:520px;box-shadow:0 20px 60px #0005}
dialog::backdrop{background:#1a1d2266}dialog form{display:inline-block;margin-right:8px}
[role=tablist]{display:flex;gap:4px;border-bottom:1px solid #e0e0dc;margin-bottom:14px}
[role=tab]{background:none;border-radius:8px 8px 0 0;color:#5c616b;border-bottom:2px solid transparent}
[role=tab][aria-selected=true]{color:var(--c);border-bottom-color:var(--c)}
[hidden]{display:none!important}.muted{color:#6a6f79}.price{font-weight:700;font-variant-numeric:tabular-nums}
`;

export const SCRIPT = `
addEventListener("click",e=>{
const t=e.target.closest("[data-open],[data-close],[role=tab]");if(!t)return;
if(t.dataset.open)document.getElementById(t.dataset.open).showModal();
else if("close" in t.dataset)t.closest("dialog").close();
else for(const o of t.parentElement.children){const on=o===t;o.setAttribute("aria-selected",on);document.getElementById(o.getAttribute("aria-controls")).hidden=!on}
});
addEventListener("change",e=>{if(e.target.dataset.submit!==undefined)e.target.form.requestSubmit()});
for(const input of document.querySelectorAll("[data-suggest]")){
let list,last=0;const clear=()=>{list&&list.remove();list=undefined};
input.addEventListener("input",async()=>{
const n=++last,q=input.value.trim();if(q.length<2)return clear();
const answer=await fetch(input.dataset.suggest+"?q="+encodeURIComponent(q));if(!answer.ok)return;
const items=await answer.json();if(n!==last)return;clear();if(!items.length)return;
list=document.createElement("ul");list.className="suggest";
for(const item of items){const a=document.createElement("a");a.href=item.href;a.textContent=item.label;const li=document.createElement("li");li.append(a);list.append(li)}
input.after(list)});
input.form.addEventListener("focusout",e=>{if(!input.form.contains(e.relatedTarget))clear()});
input.addEventListener("keydown",e=>{if(e.key==="Escape")clear()});
}
`;
