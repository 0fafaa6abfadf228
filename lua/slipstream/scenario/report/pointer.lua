--- Pointer: the script of the report, which it does without as well: a pointer at one chart over time shows
-- in all of them what was measured at that moment.

-- No < and & in it, so that the page is XML as well.
return [[
(function () {
  var figures = Array.from(document.querySelectorAll("figure.moments")).map(function (figure) {
    var words = figure.querySelector(".words");
    return {
      svg: figure.querySelector("svg"), cursor: figure.querySelector(".cursor"),
      words: words, usual: words.innerHTML,
      xs: figure.dataset.x.split(" ").map(Number), notes: figure.dataset.notes.split("|")
    };
  });
  function nearest(xs, x) {
    return xs.reduce(function (best, each, place) {
      return Math.abs(xs[best] - x) > Math.abs(each - x) ? place : best;
    }, 0);
  }
  function show(place) {
    figures.forEach(function (each) {
      each.cursor.setAttribute("transform", "translate(" + each.xs[place] + ")");
      each.cursor.classList.add("on");
      each.words.textContent = each.notes[place];
    });
  }
  function hide() {
    figures.forEach(function (each) {
      each.cursor.classList.remove("on");
      each.words.innerHTML = each.usual;
    });
  }
  figures.forEach(function (each) {
    each.svg.addEventListener("pointermove", function (event) {
      var box = each.svg.getBoundingClientRect();
      show(nearest(each.xs, (event.clientX - box.left) * each.svg.viewBox.baseVal.width / box.width));
    });
    each.svg.addEventListener("pointerleave", hide);
  });
})();
]]
