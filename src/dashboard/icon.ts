/** @file The icon of dashboard and report: a loop around a pointer. Drawn here, so that no file is asked for. */

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5cad"/><path d="M25.5 12.4a10.2 10.2 0 1 0 .6 5.6" fill="none" stroke="#fff" stroke-width="2.8" stroke-linecap="round"/><path d="M26.9 6.2l-.5 7.2-6.6-2.6z" fill="#fff"/><path d="M12.6 11.4l8.6 8-4.2.3 2.2 4.3-2.3 1.1-2.1-4.3-2.9 2.8z" fill="#fff"/></svg>`;

export const ICON_URL = `data:image/svg+xml,${encodeURIComponent(ICON)}`;
