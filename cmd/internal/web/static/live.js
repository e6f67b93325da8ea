// A page that may change is told so by the server and then asks for itself again. Without script it is loaded again by hand.
"use strict";
const address = document.body.dataset.live;
if (address && window.EventSource) {
	const status = document.getElementById("live");
	const events = new EventSource(address);
	let first = true;
	const load = async () => {
		const answer = await fetch(location.href, {headers: {Accept: "text/html"}});
		if (!answer.ok) {
			return;
		}
		const page = new DOMParser().parseFromString(await answer.text(), "text/html");
		const main = document.getElementById("main");
		// Whoever reads or types in the page is not disturbed.
		if (main.contains(document.activeElement) && document.activeElement !== main) {
			status.textContent = "changed: load again to see it";
			return;
		}
		main.replaceWith(page.getElementById("main"));
		status.textContent = "up to date";
	};
	status.textContent = "live";
	events.addEventListener("changed", () => {
		if (!first) {
			load();
		}
		first = false;
	});
	events.addEventListener("ended", () => {
		events.close();
		load().then(() => { status.textContent = "the run ended"; });
	});
}
