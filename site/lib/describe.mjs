// The title and the description of a page, for lists of pages.

/** Returns the first heading, as text. */
export function titleOf(markdown) {
  const title = /^# (.+)$/m.exec(markdown)?.[1]
  if (title === undefined) throw new Error(`A page needs a heading of the first level: ${markdown.slice(0, 60)}`)
  return plain(title)
}

/** Returns the first sentence of the first paragraph. */
export function describe(markdown) {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '')
  const paragraphs = prose.split(/\n{2,}/).map((text) => plain(text.replaceAll('\n', ' ').trim()))
  const first = paragraphs.find((text) => /^\w.*[.:]$/.test(text))
  if (first === undefined) throw new Error(`A page needs a sentence below its title: ${markdown.slice(0, 60)}`)
  return /^.*?(?:\.(?= )|[.:]$)/.exec(first)[0].replace(/:$/, '.')
}

/** Returns the text of a line of Markdown. */
function plain(markdown) {
  return markdown.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '')
}
