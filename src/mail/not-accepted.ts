// Why a mail was not accepted, in words that may be logged.

/** `message` never holds an address, a link, a code or any text of the other side: its status codes at most. */
export class MailNotAccepted extends Error {
  override readonly name = 'MailNotAccepted'
}
