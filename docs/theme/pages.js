// Keeps short code, such as an option, on one line: a browser would break it after its hyphens.
for (const [inside, longest] of [["p, li", 24], ["td", 18]]) {
  for (const code of document.querySelectorAll(`main :is(${inside}) > code`)) {
    if (code.textContent.length <= longest) code.style.whiteSpace = "nowrap";
  }
}
