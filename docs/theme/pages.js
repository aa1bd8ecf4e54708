// Keeps short code, and the short words of longer code, on one line: a browser would break an option
// after its hyphens. Long words break where a reader would break them.
const breaks = /(?<=_|\/|::|\.)(?=\w)/;
for (const code of document.querySelectorAll("main code")) {
  if (code.closest("pre") || code.children.length > 0) continue;
  const inTable = code.closest("td");
  const longest = inTable ? 18 : 24;
  if (code.textContent.length <= longest && !(inTable && code.textContent.includes(" "))) {
    code.style.whiteSpace = "nowrap";
    continue;
  }
  const words = code.textContent.split(" ").map((word) => {
    const span = document.createElement("span");
    if (word.length <= longest) {
      span.textContent = word;
      span.style.whiteSpace = "nowrap";
    } else {
      const parts = word.split(breaks);
      span.append(...parts.flatMap((it, at) => (at > 0 ? [document.createElement("wbr"), it] : [it])));
    }
    return span;
  });
  code.replaceChildren(...words.flatMap((word, at) => (at > 0 ? [" ", word] : [word])));
}
