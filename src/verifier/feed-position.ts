// How far somebody has read in the feed of one database, and how that is written.

export interface FeedPosition {
  /** The tags that the database serves, and for a resource server the terms on which it remembers. */
  readonly feed: string
  /** Of the newest entry that was read; 0 when there was none. */
  readonly seq: number
}

export const positionText = ({ feed, seq }: FeedPosition): string => `${feed}:${seq}`

const FORM = /^([0-9]{1,4}-[0-9]{1,4}(?:\.[\w-]{8})?):(0|[1-9][0-9]{0,15})$/

/** null for anything else. */
export function parsePosition(text: string): FeedPosition | null {
  const [, feed, seq] = FORM.exec(text) ?? []
  return feed === undefined ? null : { feed, seq: Number(seq) }
}
