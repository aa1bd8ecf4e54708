// Keeps short code, and the words of longer code, on one line: a browser would break an option after
// its hyphens.
for (const code of document.querySelectorAll("main code")) {
  if (code.closest("pre") || code.children.length > 0) continue;
  const longest = code.closest("td") ? 18 : 24;
  if (code.textContent.length <= longest) {
    code.style.whiteSpace = "nowrap";
    continue;
  }
  const words = code.textContent.split(" ").map((word) => {
    const span = document.createElement("span");
    span.textContent = word;
    if (word.length <= longest) span.style.whiteSpace = "nowrap";
    return span;
  });
  code.replaceChildren(...words.flatMap((word, at) => (at > 0 ? [" ", word] : [word])));
}
