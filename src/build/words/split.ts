/**
 * Splits at blanks outside of quotes; quotes and what is escaped stay as they are. A quote that is not closed goes on to
 * the end.
 */
export function splitWords(text: string, mark = '\\'): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let index = 0;
  while (index < text.length) {
    const character = text[index] as string;
    if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      word += character;
      if (character === mark && quote !== "'") {
        index += 1;
        word += text[index] ?? '';
      } else if (character === quote) quote = '';
      else if (quote === '' && (character === "'" || character === '"')) quote = character;
    }
    index += 1;
  }
  if (word !== '') words.push(word);
  return words;
}
