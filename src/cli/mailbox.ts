// Reads the local mailbox as a person does: the newest mail to an address that was not read before.
import { setTimeout as sleep } from 'node:timers/promises'

export interface Mail {
  readonly id: string
  readonly to: readonly { readonly address: string }[]
  readonly subject: string
  readonly text: string
  readonly html: string
}

export type Mailbox = (address: string, isWanted?: (mail: Mail) => boolean) => Promise<Mail>

const POLL_MS = 100

/** The mailbox function waits for a wanted mail; each mail is given once. Throws when `patienceMs` is over. */
export function createMailbox(origin: string, patienceMs: number): Mailbox {
  const read = new Set<string>()
  return async (address, isWanted = () => true) => {
    const deadline = Date.now() + patienceMs
    do {
      const unread = (await fetchMails(origin, address)).filter(mail => !read.has(mail.id))
      const newest = unread.filter(isWanted).at(-1)
      if (newest !== undefined) {
        read.add(newest.id)
        return newest
      }
      await sleep(POLL_MS)
    } while (Date.now() < deadline)
    throw new Error(`no mail for ${address} arrived at ${origin} within ${patienceMs / 1000} s`)
  }
}

async function fetchMails(origin: string, address: string): Promise<Mail[]> {
  try {
    const response = await fetch(`${origin}/email?to.address=${encodeURIComponent(address)}`)
    const mails = (await response.json()) as Mail[]
    return mails.filter(mail => mail.to.some(to => to.address.toLowerCase() === address.toLowerCase()))
  } catch {
    // A mailbox that is down is one where nothing has arrived yet.
    return []
  }
}

/** The typed code: it stands alone on a line of the text part. */
export const findCode = (mail: Mail): string | null =>
  /^[A-Z2-9]{4}-[A-Z2-9]{4}$/m.exec(mail.text)?.[0] ?? null

/** The token of the link. */
export const findLinkToken = (mail: Mail): string | null => /[?&]token=([\w.-]+)/.exec(mail.text)?.[1] ?? null
