// The prose of a file: everything else becomes spaces, so lines and columns stay as they are.

/** Returns the comments and string literals of code, or the text of a page without its code. */
export function proseOf(path, source) {
  return withoutInlineCode(path.endsWith('.md') ? withoutFences(source) : withoutCode(source))
}

const blank = (text) => text.replaceAll(/[^\n]/g, ' ')

const withoutInlineCode = (text) => text.replaceAll(/`[^`\n]*`/g, blank)

const withoutFences = (text) => text.replaceAll(/^ *```.*$[\s\S]*?^ *```$/gm, blank)

// In this order: a comment may contain quotes, a string may contain slashes. `}` and `${` bound the texts of a template.
const LINE_COMMENT = /\/\/.*/y
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y
const TEMPLATE_PART = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)/y
const REGEX = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
/** A slash after one of these begins a regular expression, after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};>]|\breturn|\bcase)\s*$/

/** Keeps comments, and strings with a space: others are names, paths and keys. */
function withoutCode(source) {
  let out = ''
  let at = 0
  /** The depth of braces at which each open template continues. */
  const templates = []
  let depth = 0
  const match = (pattern) => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  const emit = (text, prose) => {
    out += prose ? text : blank(text)
    at += text.length
  }
  while (at < source.length) {
    const char = source[at]
    const comment = char === '/' && (match(LINE_COMMENT) ?? match(BLOCK_COMMENT))
    const literal = !comment && (char === "'" || char === '"') && match(STRING)
    const continues = char === '}' && templates.at(-1) === depth
    const part = (char === '`' || continues) && match(TEMPLATE_PART)
    const regex = char === '/' && !comment && BEFORE_REGEX.test(source.slice(Math.max(0, at - 20), at)) && match(REGEX)
    if (comment) emit(comment[0], true)
    else if (literal) emit(literal[0], literal[0].includes(' '))
    else if (part) {
      if (continues) templates.pop()
      if (part[1] === '${') templates.push(depth)
      emit(part[0].replaceAll('`', ' '), part[0].includes(' '))
    } else if (regex) emit(regex[0], false)
    else {
      if (char === '{') depth++
      if (char === '}') depth--
      emit(char, false)
    }
  }
  return out
}
