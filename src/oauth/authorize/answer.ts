// The answer at the client's redirect URI: query, fragment or form post, always with `iss` (RFC 9207) and the state.
import type { AnswerTo } from '../../domain/authorization.ts'
import type { OAuthError } from '../errors.ts'

export type AnswerParameters = Readonly<Record<string, string>>

export const codeAnswer = (code: string): AnswerParameters => ({ code })

export const errorAnswer = ({ code, description }: OAuthError): AnswerParameters => ({
  error: code,
  error_description: description,
})

export function answerParameters(
  answerTo: AnswerTo,
  issuer: string,
  answer: AnswerParameters,
): AnswerParameters {
  return { ...answer, ...(answerTo.state === null ? {} : { state: answerTo.state }), iss: issuer }
}

/** Where the browser goes; the registered URI stays as it is, byte for byte, in front. */
export function answerLocation({ redirectUri, responseMode }: AnswerTo, answer: AnswerParameters): string {
  const text = new URLSearchParams(answer).toString()
  if (responseMode === 'fragment') return `${redirectUri}#${text}`
  const separator = !redirectUri.includes('?') ? '?' : /[?&]$/.test(redirectUri) ? '' : '&'
  return `${redirectUri}${separator}${text}`
}
