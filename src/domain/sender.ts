// MAIL_FROM: `Name <address>` or the address alone.

export interface Sender {
  readonly name: string | null
  readonly address: string
}

const MAIL_FROM = /^(?:"?(?<name>[^"<>\p{C}]*?)"? *<(?<named>[^<>]+)>|(?<bare>[^<>]+))$/u
const ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+$/

/** Throws on anything else, without repeating it. */
export function parseSender(from: string): Sender {
  const sender = readSender(from)
  if (sender === null) throw new Error('MAIL_FROM is neither an address nor Name <address>')
  return sender
}

export const isSender = (from: string): boolean => readSender(from) !== null

function readSender(from: string): Sender | null {
  const { name, named, bare } = MAIL_FROM.exec(from.trim())?.groups ?? {}
  const address = named ?? bare ?? ''
  return ADDRESS.test(address) ? { name: name || null, address } : null
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)
