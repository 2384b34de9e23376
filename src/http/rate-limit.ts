// 429 with Retry-After, for what one network or user may do; what concerns an address is answered alike, elsewhere.
import type { Allowance } from '../limits/rate-limiter.ts'
import type { LatchkeyContext } from './context.ts'
import { Problem } from './problem.ts'

export async function checkSignInLimit(c: LatchkeyContext): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forSignIn(facts.clientIp, facts.now))
}

export async function checkRedemptionLimit(c: LatchkeyContext): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forRedemption(facts.clientIp, facts.now))
}

export async function checkEmailChangeLimit(c: LatchkeyContext, userId: string): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forEmailChange(userId, facts.now))
}

export async function checkDownloadLimit(c: LatchkeyContext, userId: string): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forDownload(userId, facts.now))
}

export async function checkRegistrationLimit(c: LatchkeyContext): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forRegistration(facts.clientIp, facts.now))
}

export async function checkPushLimit(c: LatchkeyContext): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forPushedRequest(facts.clientIp, facts.now))
}

export async function checkDeviceLimit(c: LatchkeyContext): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forDeviceAuthorization(facts.clientIp, facts.now))
}

export async function checkUserCodeLimit(c: LatchkeyContext, userId: string): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forUserCode(userId, facts.clientIp, facts.now))
}

/** As far as this isolate knows: without a call. */
export function checkSecretLimit(c: LatchkeyContext, clientId: string): void {
  const facts = c.get('facts')
  refuse(c.get('parts').limits.forSecret(clientId, facts.clientIp, facts.now))
}

export async function countWrongSecret(c: LatchkeyContext, clientId: string): Promise<void> {
  const { parts, facts } = c.var
  refuse(await parts.limits.forWrongSecret(clientId, facts.clientIp, facts.now))
}

function refuse(allowance: Allowance): void {
  if (allowance.isAllowed) return
  throw new Problem('rate_limited', { headers: { 'Retry-After': String(allowance.retryAfterSeconds) } })
}
