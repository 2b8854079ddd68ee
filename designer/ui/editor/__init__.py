"""The graph editor: a Streamlit component and its Python side."""
