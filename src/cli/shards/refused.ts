/** Something that the operator can put right; its message is the whole answer. */
export class MoveRefused extends Error {
  override readonly name = 'MoveRefused'
}
