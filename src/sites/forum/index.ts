/** @file The forum: application and tasks. */

export { app } from "./app.ts";
export { templates } from "./templates.ts";
