from django import forms

THEMES = [("system", "Follow the system"), ("light", "Light"), ("dark", "Dark")]


class Theme(forms.Form):
    theme = forms.ChoiceField(label="Theme", choices=THEMES, widget=forms.RadioSelect)
