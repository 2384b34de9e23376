// By what a secret of the deployment is known where it must not be: 72 bits of its digest.
import type { DeploymentSecret } from '../domain/deployment-secrets.ts'
import { digest } from './digest.ts'

const ID_CHARS = 12

export const secretId = async (name: DeploymentSecret, secret: string): Promise<string> =>
  (await digest('deployment-secret', `${name} ${secret}`)).slice(0, ID_CHARS)
