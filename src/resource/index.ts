// What a resource server imports: `latchkey/resource`.
export type { TokenClaims, TokenService, VerifyAnswer, VerifyDemand } from '../verifier/token-service.ts'
export { type HttpServiceOptions, overHttp } from './over-http.ts'
export {
  createRequireToken,
  type RequireToken,
  type RequireTokenOptions,
  type TokenContext,
  type TokenDemand,
  type TokenVariables,
} from './require-token.ts'
