// MAIL_FROM: `Name <address>` or the address alone.

export interface Sender {
  readonly name: string | null
  readonly address: string
}

const MAIL_FROM = /^(?:"?(?<name>[^"<>\p{C}]*?)"? *<(?<named>[^<>]+)>|(?<bare>[^<>]+))$/u
const ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+$/

/** Throws on anything else, without repeating it. */
export function parseSender(from: string): Sender {
  const { name, named, bare } = MAIL_FROM.exec(from.trim())?.groups ?? {}
  const address = named ?? bare ?? ''
  if (!ADDRESS.test(address)) throw new Error('MAIL_FROM is neither an address nor Name <address>')
  return { name: name || null, address }
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)
