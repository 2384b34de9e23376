// Times in JSON: RFC 3339, UTC, whole seconds.

export const rfc3339 = (seconds: number): string =>
  new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z')
