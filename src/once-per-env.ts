// What is put together once per isolate. A test may have several sets of bindings in one: each gets its own.

/** `create`, called once for each `env`. */
export function oncePerEnv<Bindings extends object, Created>(
  create: (env: Bindings) => Created,
): (env: Bindings) => Created {
  const known = new WeakMap<Bindings, { readonly created: Created }>()
  return env => {
    const found = known.get(env) ?? { created: create(env) }
    known.set(env, found)
    return found.created
  }
}
