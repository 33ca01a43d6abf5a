"""The pages: each module draws views of ``control`` with the templates beside this folder."""
