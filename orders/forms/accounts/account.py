from django import forms

THEMES = [("system", "Follow the system"), ("light", "Light"), ("dark", "Dark")]


class Shortcuts(forms.Form):
    uses_shortcuts = forms.BooleanField(label="Use keyboard shortcuts", required=False)


class Theme(forms.Form):
    theme = forms.ChoiceField(label="Theme", choices=THEMES, widget=forms.RadioSelect)
