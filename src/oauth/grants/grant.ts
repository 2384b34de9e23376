// A grant is a plug-in of three names.
import type { Client, GrantType } from '../../domain/client.ts'
import type { Parts, RequestFacts } from '../../sign-in/parts.ts'
import type { DpopProof } from '../../tokens/dpop-proof.ts'
import type { TokenAnswer } from '../credentials.ts'
import type { FormParameters } from '../parameters.ts'

export interface Grant {
  readonly grantType: GrantType
  /** Parameters beside grant_type and the client's own. */
  readonly parameters: readonly string[]
  /** Throws OAuthError for every refusal. */
  readonly exchange: (
    parts: Parts,
    client: Client,
    form: FormParameters,
    facts: RequestFacts,
    /** To be used (`useProof`) before anything is spent. */
    proof: DpopProof | null,
  ) => Promise<TokenAnswer>
}
