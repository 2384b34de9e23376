const readable = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })

/** For readers whose time zone nobody knows. @param at seconds since the epoch */
export const inUtc = (at: number): string => `${readable.format(at * 1000)} UTC`
