// Whether a deployment has tied the Worker to all that it works with. Pure.

const NEEDED: readonly (readonly [what: string, target: RegExp])[] = [
  ['cron, which ends what has expired and sends mails again', /^schedule: /],
  ['the queue, as its producer', /^Producer for /],
  ['the queue, as its consumer', /^Consumer for /],
]

/** In words. @param targets as wrangler reports them */
export const findMissingTargets = (targets: readonly string[]): string[] =>
  NEEDED.filter(([, target]) => !targets.some(each => target.test(each))).map(([what]) => what)

/** What to say when the address that people are sent to is none of the Worker's; null when it is one. */
export function findOtherAddress(targets: readonly string[], issuer: string): string | null {
  const { host } = new URL(issuer)
  const addresses = targets.filter(target => !/^(?:schedule:|Producer for|Consumer for) /.test(target))
  if (addresses.some(address => hostOf(address) === host)) return null
  return `ISSUER is ${issuer}, and the Worker is at ${addresses.join(', ') || 'no address'}.`
}

/** Of `https://name.sub.workers.dev`, `auth.bank.test (custom domain)` or `auth.bank.test/*`. */
const hostOf = (address: string): string => address.replace(/^https?:\/\//, '').replace(/[/ ].*$/s, '')
