import type { TaskTemplate } from "../template.ts";
export const templates: TaskTemplate[] = [];
