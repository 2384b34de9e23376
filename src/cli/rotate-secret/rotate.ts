// One step of the replacement of a secret: planned, written to the file, deployed, and seen at the instance.
import { randomBytes } from 'node:crypto'
import type { Accepted, DeploymentSecret } from '../../domain/deployment-secrets.ts'
import { secretId } from '../../tokens/secret-id.ts'
import { NotYet } from '../command.ts'
import { UsageError } from '../settings.ts'
import { planStep, type Standing, type Step } from './plan.ts'

/** What a step works on. Every method throws UsageError. */
export interface Target {
  /** What the instance says of this secret, asked with this operator's token. */
  ask(name: DeploymentSecret, token: string): Promise<Standing>
  read(name: DeploymentSecret): Accepted
  /** To the file. */
  write(name: DeploymentSecret, values: Accepted): void
  /** Gives the instance what the file has; false for one that reads the file only when it starts. */
  deploy(name: DeploymentSecret, values: Accepted): Promise<boolean>
  /** Waits a little for the instance; false when it has waited long enough. */
  waitOnce(): Promise<boolean>
  now(): number
  say(line: string): void
}

const SECRET_BYTES = 32

/** Throws NotYet when the next step would come too early. */
export async function rotateSecret(target: Target, name: DeploymentSecret, isEarly: boolean): Promise<void> {
  const standing = await ask(target, name)
  const plan = planStep(standing, await pairOf(target, name), fresh, target.now(), isEarly)
  switch (plan.tag) {
    case 'foreign':
      throw new UsageError(`The file’s ${name} is not the one of this instance: nothing was changed.`)
    case 'rows':
      throw new NotYet(
        `${plan.rows} rows are still under the former ${name}. They are sealed anew each minute: try again.`,
      )
    case 'wait':
      throw new NotYet(`${BEFORE[plan.step]} Not before ${timeOf(plan.until)}: try again then.`)
    case 'step': {
      if (plan.isEarly) target.say(`Early: ${COST[plan.step]}`)
      target.write(name, plan.to)
      if (await target.deploy(name, plan.to)) await tellOutcome(target, name, plan.step)
      else target.say(`${name}: ${DONE[plan.step]} So it will be when npm run dev is started again.`)
    }
  }
}

/** Of those who have it in hand: the file's own is accepted in every step. */
const ask = (target: Target, name: DeploymentSecret): Promise<Standing> =>
  target.ask(name, target.read('ADMIN_TOKEN')[0])

async function tellOutcome(target: Target, name: DeploymentSecret, step: Step): Promise<void> {
  const { ids } = await pairOf(target, name)
  do {
    const seen = await ask(target, name)
    if ([seen.id, seen.other?.id].filter(id => id !== undefined).join(' ') !== ids.join(' ')) continue
    target.say(`${name}: ${DONE[step]}`)
    if (seen.other !== null)
      target.say(`Run this again for the next step, from ${timeOf(seen.other.nextStepAt)} on.`)
    return
  } while (await target.waitOnce())
  throw new UsageError(
    `${name}: the step is written and deployed, and the instance does not show it yet. Run this again to look.`,
  )
}

async function pairOf(target: Target, name: DeploymentSecret) {
  const values = target.read(name)
  const given = values.filter(value => value !== undefined)
  return { values, ids: await Promise.all(given.map(value => secretId(name, value))) }
}

const fresh = (): string => randomBytes(SECRET_BYTES).toString('base64url')
const timeOf = (seconds: number): string => new Date(seconds * 1_000).toISOString()

const DONE: Readonly<Record<Step, string>> = {
  accept: 'step 1 of 3. The next one is accepted, and not used yet.',
  use: 'step 2 of 3. The new one is used; the former is still accepted.',
  drop: 'step 3 of 3. The former one is worth nothing any more.',
}
const BEFORE: Readonly<Record<Step, string>> = {
  accept: '',
  use: 'Some isolates may not accept the next one yet.',
  drop: 'What the former one has made may still be in somebody’s hands.',
}
const COST: Readonly<Record<Step, string>> = {
  accept: '',
  use: 'isolates that do not accept the next one yet refuse what is made with it.',
  drop: 'what the former one has made is refused from now on (docs/security.md, Replacing a secret).',
}
