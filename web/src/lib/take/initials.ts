// The first letters of Chinese words in pinyin, found with the browser's own sorting: the signs are sorted
// by pinyin, so the letter of a sign is that of the last border before it. Good enough to find an entry
// of a short list by typing; it decides nothing.

/** The first sign of each letter in the order of pinyin. */
const BORDERS = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀';
const LETTERS = 'abcdefghjklmnopqrstwxyz';

const order = new Intl.Collator('zh-Hans-CN-u-co-pinyin');

/** Returns the letters that a text can be found by: those of its signs, other letters as they are. */
export function initials(text: string): string {
  return [...text].map(letterOf).join('');
}

function letterOf(sign: string): string {
  if (!/\p{Script=Han}/u.test(sign)) return /[a-z0-9]/i.test(sign) ? sign.toLowerCase() : '';
  let letter = '';
  [...BORDERS].forEach((border, index) => {
    if (order.compare(sign, border) >= 0) letter = LETTERS[index] ?? '';
  });
  return letter;
}
