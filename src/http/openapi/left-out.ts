// Stands for operation.ts in the Worker, which makes no document: what describes a route is no part of the bundle.

/** Empty, so that the bundler leaves out the call and what it is called with. */
export function operation(_described: unknown): void {}

/** Likewise. */
export function answer(_form: unknown): void {}
