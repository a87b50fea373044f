// Svelte 5 listens once, at the root and the document, for clicks on what its components say.
import { mount } from "svelte";
import Todo from "./todo.svelte";

mount(Todo, { target: document.querySelector("#root") });
