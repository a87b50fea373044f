/** @file jQuery UI. */

import "./jquery-global.js";
import "jquery-ui/dist/jquery-ui.js";
import "jquery-ui/dist/themes/base/jquery-ui.css";

const $ = window.jQuery;
window.app = {};
const app = window.app;
$("#root").html(`
<label>Arrival <input id=arrival readonly></label> <span class=tag>Red</span> <span class=tag>Green</span>
<label for=lang>Language</label> <input id=lang>
<label for=speed>Speed</label><select id=speed><option>Slow<option>Medium<option>Fast</select>
<div id=slider style="width:200px;margin:10px"></div>
<label for=spin>Guests</label> <input id=spin value=2>
<ul id=menu style="width:150px"><li><div>File</div><ul><li><div>Open</div></li><li><div>Export</div><ul><li><div>As text</div></li><li><div>As table</div></li></ul></li></ul></li><li><div>Help</div></li></ul>
<div id=accordion><h3>First</h3><div>One <a href="#one" id=one>Read one</a></div><h3>Second</h3><div>Two <a href="#two" id=two>Read two</a></div></div>
<div id=tabs style="width:400px"><ul><li><a href="#t1">News</a></li><li><a href="#t2">Sport</a></li></ul><div id=t1>All news</div><div id=t2>All sport <button id=goal>Show goals</button></div></div>
<ul id=sortable style="width:120px;list-style:none;padding:0"><li class=ui-state-default>Pear</li><li class=ui-state-default>Apple</li><li class=ui-state-default>Quince</li></ul>
<button id=ask>Remove account</button><div id=dialog title="Remove?">This cannot be undone.</div>
<fieldset><label for=r1>Economy</label><input type=radio name=class id=r1><label for=r2>Business</label><input type=radio name=class id=r2></fieldset>`);
$("#arrival").datepicker({
  defaultDate: new Date(2026, 2, 1),
  dateFormat: "yy-mm-dd",
  onSelect: (d) => (app.arrival = d),
});
// jQuery's own delegation: one listener at the document.
$(document).on("click", ".tag", (event) => (app.tag = event.target.textContent));
$("#lang").autocomplete({
  source: ["Java", "JavaScript", "Python", "TypeScript"],
  select: (_, ui) => (app.lang = ui.item.value),
});
$("#speed").selectmenu({ change: (_, ui) => (app.speed = ui.item.label) });
$("#slider").slider({ min: 0, max: 20, value: 5, change: (_, ui) => (app.slider = ui.value) });
$("#spin").spinner({ spin: (_, ui) => (app.guests = ui.value) });
$("#menu").menu({ select: (_, ui) => (app.menu = ui.item.children("div").text()) });
$("#accordion").accordion();
$("#one, #two").on("click", (e) => (app.read = e.target.id));
$("#tabs").tabs();
$("#goal").on("click", () => (app.goals = true));
$("#sortable").sortable({
  update: () =>
    (app.order = $("#sortable li")
      .map((_, li) => li.textContent)
      .get()),
});
$("#dialog").dialog({
  autoOpen: false,
  modal: true,
  buttons: {
    Remove: () => {
      app.removed = true;
      $("#dialog").dialog("close");
    },
    Cancel: () => $("#dialog").dialog("close"),
  },
});
$("#ask").on("click", () => $("#dialog").dialog("open"));
$("input[type=radio]")
  .checkboxradio({ icon: false })
  .on("change", (e) => (app.class = e.target.id));
