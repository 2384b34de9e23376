// urn:ietf:params:oauth:grant-type:device_code (RFC 8628 §3.4): the device polls until its user has decided; the session
// begins here, once.
import { DEVICE_CODE_GRANT } from '../../domain/client.ts'
import { answerPoll } from '../../domain/device-authorization.ts'
import { pollDeviceAuthorization } from '../../store/device-authorizations.ts'
import { deviceMarks } from '../../tokens/device-marks.ts'
import { digestOfDeviceCode, findByUserCode, unsealDeviceCode } from '../device/codes.ts'
import { invalidGrant, OAuthError } from '../errors.ts'
import { required } from '../parameters.ts'
import { refuseOtherResource } from '../resource.ts'
import { beginAuthorized } from './begin-authorized.ts'
import type { Grant } from './grant.ts'

const REFUSALS = {
  authorization_pending: 'the user has not decided yet',
  slow_down: 'polled too fast: wait five seconds longer from now on',
  access_denied: 'the user has declined',
} as const

export const deviceCode: Grant = {
  grantType: DEVICE_CODE_GRANT,
  parameters: ['device_code', 'resource'],

  async exchange(parts, client, form, facts, proof) {
    const text = required(form, 'device_code')
    const code = await unsealDeviceCode(parts, client.id, text)
    if (code === null) throw invalidGrant('no code of this client')
    if (code.expiresAt <= facts.now) throw new OAuthError('expired_token', 'the device code has expired')
    const codeDigest = await digestOfDeviceCode(text)
    const polled = await findByUserCode(parts, code.userCode, ({ db, digest }) =>
      pollDeviceAuthorization(db, digest, codeDigest, facts.now),
    )
    if (polled === null) throw invalidGrant('no such authorization')
    refuseOtherResource(form.resource, polled.audience)
    const answer = answerPoll(polled)
    if (answer.tag === 'refused') throw new OAuthError(answer.error, REFUSALS[answer.error])
    const { userId, device } = answer.authorization
    const marks = await deviceMarks(parts.secrets, userId, device, facts)
    const begin = {
      authorization: { ...answer.authorization, marks },
      opId: `device:${codeDigest}`,
      startedIn: 'app',
      nonce: null,
      proof,
    } as const
    const begun = await beginAuthorized(parts, client, begin, facts)
    if (begun.tag === 'spent') throw invalidGrant('used before')
    return begun.answer
  },
}
