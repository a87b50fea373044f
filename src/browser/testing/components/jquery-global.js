/** @file jQuery UI's build expects a global jQuery. */
import jQuery from "jquery";

window.jQuery = window.$ = jQuery;
