// The typed code: eight characters without look-alikes, shown XXXX-XXXX.

export const CODE_ALPHABET = 'BCDFGHJKMNPQRTVWXY2346789'
export const CODE_CHARS = 8

/** A uniform code from random bytes, by rejection; null when too few of them were usable. */
export function codeFromRandom(random: Uint8Array): string | null {
  const unbiased = 256 - (256 % CODE_ALPHABET.length)
  const characters = [...random].filter(byte => byte < unbiased).slice(0, CODE_CHARS)
  if (characters.length < CODE_CHARS) return null
  return characters.map(byte => CODE_ALPHABET[byte % CODE_ALPHABET.length]).join('')
}

export const showCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** Case, spaces and hyphens do not matter; null when it cannot be a code. */
export function parseCode(input: string): string | null {
  const code = input.replace(/[\s-]/g, '').toUpperCase()
  return code.length === CODE_CHARS && [...code].every(character => CODE_ALPHABET.includes(character))
    ? code
    : null
}
