// llms.txt: the list of pages for programs that read documentation (https://llmstxt.org).

/** Returns the text of llms.txt, with the title, the path and a sentence for each page. */
export function llmsText(sections, base) {
  const home = sections.flatMap(({ pages }) => pages).find(({ file }) => file === 'index.md')
  const lists = sections.map(({ title, pages }) => {
    const lines = pages.map(({ title, file, description }) => `- [${title}](${base}${file}): ${description}`)
    return `## ${title}\n\n${lines.join('\n')}\n`
  })
  return `# ${home.title}\n\n> ${home.description}\n\n${lists.join('\n')}`
}
