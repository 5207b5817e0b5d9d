"""A shopping list: type what is missing, strike out what is there, and leave with Ctrl-Q."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Input, Label, SelectionList


class Shopping(App[None]):
    TITLE = "Shopping"
    BINDINGS = [("ctrl+l", "clear", "Clear")]

    def compose(self) -> ComposeResult:
        yield Input(placeholder="What is missing?")
        yield SelectionList[str]()
        yield Label("nothing to buy", id="count")
        yield Footer()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value:
            self.query_one(SelectionList).add_option((event.value, event.value))
            event.input.clear()
            self.count()

    def on_selection_list_selected_changed(self) -> None:
        self.count()

    def action_clear(self) -> None:
        self.query_one(SelectionList).clear_options()
        self.count()

    def count(self) -> None:
        things = self.query_one(SelectionList)
        left = things.option_count - len(things.selected)
        self.query_one("#count", Label).update(f"{left} to buy" if left else "nothing to buy")


if __name__ == "__main__":
    Shopping().run()
