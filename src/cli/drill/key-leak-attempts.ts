// Everything that the thief of key and database tries, each at the endpoints that would take it.
import type { Attempt } from './attempt.ts'
import { accessTokens, operatorsTokens } from './attempts/access-tokens.ts'
import { deviceCodes } from './attempts/devices.ts'
import { clientCredentials, codes, refreshTokens } from './attempts/grants.ts'
import { cookies, formTokens, links } from './attempts/links-and-cookies.ts'
import { registrationTokens } from './attempts/registrations.ts'
import { sealedTexts } from './attempts/sealed-texts.ts'
import { idTokens, logoutTokens, requestObjects } from './attempts/signed-tokens.ts'
import type { Scene } from './scene.ts'

const KINDS: readonly ((scene: Scene) => readonly Attempt[])[] = [
  accessTokens,
  operatorsTokens,
  links,
  idTokens,
  refreshTokens,
  cookies,
  formTokens,
  codes,
  deviceCodes,
  sealedTexts,
  clientCredentials,
  registrationTokens,
  requestObjects,
  logoutTokens,
]

export const attemptsOf = (scene: Scene): readonly Attempt[] => KINDS.flatMap(attempts => attempts(scene))
