"""Run the notebooks and keep their outputs; metadata that varies is stripped."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main() -> None:
    """Run every notebook in place; an assertion that fails stops the script."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
        notebook.metadata = nbformat.from_dict(METADATA)
        for number, cell in enumerate(notebook.cells):
            cell.metadata = nbformat.from_dict({})
            cell.id = f"cell-{number}"
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
