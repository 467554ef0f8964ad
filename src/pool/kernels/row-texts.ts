import { type Expression, isList } from '../../ops/functions/meaning/expression.js'

/** The JavaScript that reads the fields of a row of one shape, by name. A row has no other fields. */
export type FieldTexts = ReadonlyMap<string, RowText>

/** JavaScript that computes a value, which is a text, number, boolean, null or undefined. */
export interface RowText {
  readonly text: string
  readonly isText: boolean
}

const UNDEFINED: RowText = { text: 'undefined', isText: false }

/**
 * Returns a condition in JavaScript that is only false for rows that one of the filters, one after the other, certainly
 * refuses without an error. Undefined if there is none.
 */
export function keptText(filters: readonly Expression[], fields: FieldTexts): string | undefined {
  const all: string[] = []
  for (const filter of filters) {
    const known = textOf(filter, fields)
    const text = known?.text ?? mayPass(filter, fields)
    if (text !== undefined) all.push(text)
    // A filter that may throw comes before the next ones.
    if (!known) break
  }
  return all.length === 0 ? undefined : all.join(' && ')
}

/** Returns a condition that is only false where an expression is, of which a part cannot be computed. */
function mayPass(of: Expression, fields: FieldTexts): string | undefined {
  if (of.is !== 'and' && of.is !== 'or') return undefined
  const [left, right] = of.of
  const first = textOf(left, fields)?.text
  // The left part may throw before the right one is read.
  if (first === undefined) return of.is === 'and' ? mayPass(left, fields) : undefined
  const second = mayPass(right, fields)
  if (of.is === 'or') return second && `(${first} || ${second})`
  return second ? `(${first} && ${second})` : first
}

/** Returns what computes an expression of a row. Undefined if that may throw, or needs more than the values of fields. */
function textOf(of: Expression, fields: FieldTexts): RowText | undefined {
  if (of.is === 'record') return undefined
  if (of.is === 'value') return { text: JSON.stringify(of.value), isText: typeof of.value === 'string' }
  if (of.is === 'field' && of.of.is === 'record') return fields.get(of.name) ?? UNDEFINED
  if (isList(of)) return ofParts(of, fields)
  const part = textOf(of.of, fields)
  if (!part) return undefined
  const { text, isText } = part
  switch (of.is) {
    case 'not':
      return { text: `!${text}`, isText: false }
    case 'negative':
      return { text: `(-(${text}))`, isText: false }
    case 'number':
      return { text: `Number(${text})`, isText: false }
    case 'floor':
    case 'ceil':
    case 'trunc':
    case 'round':
    case 'abs':
      return { text: `Math.${of.is}(${text})`, isText: false }
    case 'text':
      return { text: `\`\${${text}}\``, isText: true }
    case 'oneOf':
      return { text: `${JSON.stringify(of.values)}.includes(${text})`, isText: false }
    case 'length':
      return isText ? { text: `${text}.length`, isText: false } : undefined
    case 'trim':
    case 'toLowerCase':
    case 'toUpperCase':
      return isText ? { text: `${text}.${of.is}()`, isText: true } : undefined
    case 'includes':
    case 'startsWith':
    case 'endsWith':
      return isText ? { text: `${text}.${of.is}(${JSON.stringify(of.text)})`, isText: false } : undefined
    default:
      return undefined
  }
}

function ofParts(of: Extract<Expression, { readonly of: readonly Expression[] }>, fields: FieldTexts) {
  const parts = of.of.map((part) => textOf(part, fields))
  if (!parts.every((part) => part !== undefined)) return undefined
  const [left, right] = parts
  switch (of.is) {
    case 'and':
    case 'or':
      return { text: `(${left!.text} ${of.is === 'and' ? '&&' : '||'} ${right!.text})`, isText: false }
    case 'pair':
    case 'object':
      return undefined
    case 'template':
      return { text: `\`${parts.map(({ text }) => `\${${text}}`).join('')}\``, isText: true }
    default:
      return { text: `(${left!.text} ${of.is} ${right!.text})`, isText: false }
  }
}
