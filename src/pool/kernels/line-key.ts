import type { Expression } from '../../ops/functions/meaning/expression.js'
import { typeOf } from '../../ops/functions/meaning/expression-type.js'
import { isExactText } from './byte-arguments.js'
import { type LineNumber, lineNumber } from './line-number.js'
import { type Part, partOf } from './line-part.js'

/** A key that a function computes from a line. Numbers must be whole. */
export type LineKey = LinePart | LineNumber | { readonly kind: 'joined'; readonly of: readonly LinePiece[] }
/** A part of the joined text of a key. */
export type LinePiece = LinePart | LineNumber | { readonly kind: 'fixed'; readonly text: Buffer }

interface LinePart {
  readonly kind: 'part'
  readonly part: Part
}

/** Returns the key of a line that an expression is. */
export function lineKey(made: Expression): LineKey | undefined {
  const part = partOf(made)
  if (part) return { kind: 'part', part }
  const pieces = made.is === 'value' && typeof made.value === 'string' ? eachPiece([made]) : piecesOf(made)
  return pieces ? { kind: 'joined', of: pieces } : lineNumber(made, false)
}

/** Returns the pieces of an expression that is always a text. */
function piecesOf(made: Expression): readonly LinePiece[] | undefined {
  if (made.is === 'template') return eachPiece(made.of)
  if (made.is === 'text') return eachPiece([made.of])
  if (made.is !== '+' || !made.of.some(isText)) return undefined
  const [left, right] = made.of.map((of) => piecesOf(of) ?? eachPiece([of]))
  return left && right && [...left, ...right]
}

/** Returns whether the result of an expression is a text, even for lines that kernels leave to the function. */
export function isAlwaysText(made: Expression): boolean {
  if (made.is === 'template' || made.is === 'text') return true
  return made.is === '+' ? made.of.some(isAlwaysText) : typeOf(made, 'text') === 'text'
}

function eachPiece(of: readonly Expression[]): readonly LinePiece[] | undefined {
  const pieces = of.map(pieceOf)
  return pieces.every((piece) => piece !== undefined) ? pieces.flat() : undefined
}

function pieceOf(made: Expression): LinePiece | readonly LinePiece[] | undefined {
  if (made.is === 'value') {
    const text = String(made.value)
    return isExactText(text) ? { kind: 'fixed', text: Buffer.from(text) } : undefined
  }
  const part = partOf(made)
  if (part) return { kind: 'part', part }
  return piecesOf(made) ?? lineNumber(made, false)
}

/** A missing field is no text, but kernels leave lines without one to the function. */
function isText(made: Expression): boolean {
  const type = typeOf(made, 'text')
  return type === 'text' || type === 'maybe' || (made.is === '+' && made.of.some(isText))
}
