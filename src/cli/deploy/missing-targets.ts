// Whether a deployment has tied the Worker to all that it works with. Pure.
import type { WorkerConfig } from '../wrangler.ts'

/** In words. @param targets as wrangler reports them */
export function findMissingTargets(
  targets: readonly string[],
  { queues }: Pick<WorkerConfig, 'queues'>,
): string[] {
  const untied = (side: string, names: readonly string[]) =>
    names
      .filter(name => !targets.includes(`${side} for ${name}`))
      .map(name => `the queue ${name}, as its ${side.toLowerCase()}`)
  return [
    ...(targets.some(target => target.startsWith('schedule: ')) ? [] : [CRON]),
    ...untied('Producer', queues.producers),
    ...untied('Consumer', queues.consumers),
  ]
}

const CRON = 'cron, which ends what has expired and sends mails again'

/** What to say when the address that people are sent to is none of the Worker's; null when it is one. */
export function findOtherAddress(targets: readonly string[], issuer: string): string | null {
  const { host } = new URL(issuer)
  const addresses = targets.filter(target => !/^(?:schedule:|Producer for|Consumer for) /.test(target))
  if (addresses.some(address => hostOf(address) === host)) return null
  return `ISSUER is ${issuer}, and the Worker is at ${addresses.join(', ') || 'no address'}.`
}

/** Of `https://name.sub.workers.dev`, `auth.bank.test (custom domain)` or `auth.bank.test/*`. */
const hostOf = (address: string): string => address.replace(/^https?:\/\//, '').replace(/[/ ].*$/s, '')
