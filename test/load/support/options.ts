// Options of the measurements.
import { WrongUse } from '../../../src/cli/command.ts'

const MAX = 999_999

/** Throws WrongUse. */
export function wholeNumber(name: string, text: string, min = 1): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : -1
  if (number < min || number > MAX) throw new WrongUse(`${name} must be a whole number from ${min} on`)
  return number
}
