/**
 * @file Opens closed shadow roots to our world, because a person sees what is in them as well. Runs in the page's own
 * world before its scripts. For these scripts they stay closed: `shadowRoot` is null, `mode` is "closed", and no
 * event's path leads into them. The parser makes the roots in the markup (`<template shadowrootmode=closed>`), and
 * those stay closed to everybody.
 */

import { free } from "./page-natives.ts";

export function hookClosedRoots(): void {
  const closed = new WeakSet<object>();
  const { apply } = Reflect;
  const has = free<(set: WeakSet<object>, item: object) => boolean>(WeakSet, "has");
  const add = free<(set: WeakSet<object>, item: object) => void>(WeakSet, "add");
  const rootOf = free<(node: Node) => Node>(Node, "getRootNode");
  const hostOf = free<(root: Node) => Element>(ShadowRoot, "host", "get");
  const currentTargetOf = free<(event: Event) => EventTarget | null>(Event, "currentTarget", "get");
  const isNode = (target: unknown): target is Node => {
    try {
      rootOf(target as Node);
      return true;
    } catch {
      return false;
    }
  };
  const isRoot = (node: Node): boolean => {
    try {
      return !!hostOf(node);
    } catch {
      return false;
    }
  };

  const wrap = (
    owner: object,
    name: string,
    kind: "value" | "get",
    around: (native: (...args: never[]) => unknown, self: object, args: unknown[]) => unknown,
  ) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name)!;
    const native = descriptor[kind] as () => unknown;
    const wrapped = new Proxy(native, {
      apply: (target, self, args) => around(target, self as object, args),
    });
    Object.defineProperty(owner, name, { ...descriptor, [kind]: wrapped });
  };
  wrap(Element.prototype, "attachShadow", "value", (native, self, args) => {
    const init = args[0] as ShadowRootInit | undefined;
    if (init?.mode !== "closed") return apply(native, self, args);
    const root = apply(native, self, [{ ...init, mode: "open" }]) as ShadowRoot;
    add(closed, root);
    return root;
  });
  wrap(Element.prototype, "shadowRoot", "get", (native, self, args) => {
    const root = apply(native, self, args) as ShadowRoot | null;
    return root && has(closed, root) ? null : root;
  });
  wrap(ShadowRoot.prototype, "mode", "get", (native, self, args) =>
    has(closed, self) ? "closed" : apply(native, self, args),
  );
  /** `target` is in the tree of this root, or in one that hangs below it. */
  const isInside = (target: Node, root: Node): boolean => {
    for (let at = rootOf(target); ; at = rootOf(hostOf(at))) {
      if (at === root) return true;
      if (!isRoot(at)) return false;
    }
  };
  const isHidden = (node: Node, from: Node | null): boolean => {
    for (let root = rootOf(node); isRoot(root); root = rootOf(hostOf(root)))
      if (has(closed, root) && !(from && isInside(from, root))) return true;
    return false;
  };
  wrap(Event.prototype, "composedPath", "value", (native, self, args) => {
    const path = apply(native, self, args) as EventTarget[];
    const current = currentTargetOf(self as Event);
    const from = isNode(current) ? current : null;
    const shown: EventTarget[] = [];
    for (let i = 0; i < path.length; i++) {
      const target = path[i]!;
      if (!isNode(target) || !isHidden(target, from)) shown[shown.length] = target;
    }
    return shown;
  });
}
