/** @file Bootstrap with flatpickr and SortableJS, as server-rendered sites use them. */

import "bootstrap/dist/css/bootstrap.css";
import * as bootstrap from "bootstrap";
import flatpickr from "flatpickr";
import "flatpickr/dist/flatpickr.css";
import Sortable from "sortablejs";

window.app = {};
const app = window.app;
const root = document.getElementById("root");
root.innerHTML = `
<nav class="navbar bg-light"><button class="navbar-toggler" data-bs-toggle="offcanvas" data-bs-target="#side" aria-label="Toggle navigation"><span class="navbar-toggler-icon"></span></button></nav>
<div class="offcanvas offcanvas-start" id=side tabindex=-1><div class="offcanvas-header"><button class="btn-close" data-bs-dismiss=offcanvas aria-label=Close></button></div><a href="#help" id=help>Help centre</a></div>
<button class="btn btn-primary" data-bs-toggle=modal data-bs-target="#modal">New order</button>
<div class="modal fade" id=modal tabindex=-1><div class=modal-dialog><div class=modal-content><div class=modal-header><h5>Order</h5><button class=btn-close data-bs-dismiss=modal aria-label=Close></button></div>
<div class=modal-body><label>Product <select id=product class=form-select><option>Lamp<option>Chair</select></label><label>Amount <input id=amount type=number class=form-control></label></div>
<div class=modal-footer><button class="btn btn-primary" id=place>Place order</button></div></div></div></div>
<div class=dropdown><button class="btn dropdown-toggle" data-bs-toggle=dropdown>Export</button><ul class=dropdown-menu><li><a class=dropdown-item href="#csv">CSV</a></li><li><a class=dropdown-item href="#pdf">PDF</a></li></ul></div>
<div class="form-check form-switch"><input class=form-check-input type=checkbox id=dark><label class=form-check-label for=dark>Dark mode</label></div>
<div class=btn-group><input type=radio class=btn-check name=view id=grid><label class="btn btn-outline-primary" for=grid>Grid</label><input type=radio class=btn-check name=view id=list><label class="btn btn-outline-primary" for=list>List</label></div>
<div class=accordion><div class=accordion-item><h2 class=accordion-header><button class="accordion-button collapsed" data-bs-toggle=collapse data-bs-target="#ship">Shipping</button></h2><div id=ship class="accordion-collapse collapse"><div class=accordion-body>Free over $50. <button id=more>Learn more</button></div></div></div></div>
<ul class="nav nav-tabs"><li class=nav-item><button class="nav-link active" data-bs-toggle=tab data-bs-target="#p1">Profile</button></li><li class=nav-item><button class=nav-link data-bs-toggle=tab data-bs-target="#p2">Billing</button></li></ul>
<div class=tab-content><div class="tab-pane fade show active" id=p1>Your profile</div><div class="tab-pane fade" id=p2>No invoices</div></div>
<div class="toast show"><div class=toast-header>Saved<button class=btn-close data-bs-dismiss=toast aria-label="Close message"></button></div></div>
<label>Trip <input id=trip></label> <label>Stay <input id=stay></label>
<ul class=list-group id=tasks style="width:200px"><li class=list-group-item>Wash</li><li class=list-group-item>Cook</li><li class=list-group-item>Sleep</li></ul>`;
const on = (selector, type, listener) =>
  document.querySelectorAll(selector).forEach((e) => e.addEventListener(type, listener));
on("#help", "click", () => (app.help = true));
on("#place", "click", () => {
  app.order = [document.getElementById("product").value, document.getElementById("amount").value];
  bootstrap.Modal.getInstance(document.getElementById("modal")).hide();
});
on(".dropdown-item", "click", (e) => (app.export = e.target.textContent));
on("#dark", "change", (e) => (app.dark = e.target.checked));
on(".btn-check", "change", (e) => (app.view = e.target.id));
on("#more", "click", () => (app.more = true));
on(".nav-link", "shown.bs.tab", (e) => (app.tab = e.target.textContent));
on(".toast", "hidden.bs.toast", () => (app.toast = "closed"));
flatpickr("#trip", { defaultDate: null, onChange: (_, text) => (app.trip = text) }).jumpToDate("2026-03-01");
flatpickr("#stay", { mode: "range", onChange: (_, text) => (app.stay = text) }).jumpToDate("2026-03-01");
Sortable.create(document.getElementById("tasks"), {
  onEnd: () => (app.tasks = [...document.querySelectorAll("#tasks li")].map((li) => li.textContent)),
});
